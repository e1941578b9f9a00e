{{ stage_ilo_observations(source('ilo', 'ilo_emp_temp_sex_ec2_nb'), without=['classif2']) }}
